"""The page at `/`: what both services have, live, for a browser on this machine.

The page is a document without data, with a key that no other page can read (`readers`). Its scripts open a
stream of events (`feed`): the newest entries of a view, such as the sessions of Portal (`sessions`), now and
after each change of the database, whichever process made it. What is open on the page is read by requests of
their own. All texts come as runs (`texts`), and the scripts put them into the page as text.

None of its routes but the root is part of a contract, so they are not in the OpenAPI document.
"""
