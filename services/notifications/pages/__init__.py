"""What learners look at: what their credentials say of who they are, and which mails they get."""
