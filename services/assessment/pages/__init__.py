"""What people look at: learners hand in evidence, staff judge it and look after sources."""
