"""The client beside libraries that put something of their own in the place of urllib3's parts."""
