"""What the tests share: servers, clients, and what is read of documents."""
