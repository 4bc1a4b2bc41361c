"""The operations of Portal: a module of routes for each tag of the contract."""
