"""Files of originals: received whole, read line by line in the background, with progress, and once however often they come."""
