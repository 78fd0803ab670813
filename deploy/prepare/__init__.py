"""What is done once before services start: keys, topics, collections and their indexes."""
