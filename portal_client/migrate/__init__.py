"""What a script for an original client would meet here: `python -m portal_client.migrate script.py`."""
