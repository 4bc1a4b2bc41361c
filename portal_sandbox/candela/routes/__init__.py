"""The routes of Candela, one module for each tag; those of prompts and of models apart."""
