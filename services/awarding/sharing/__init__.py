"""What learners share: links that open some of their awards, or all, for whoever has one; each can be withdrawn."""
