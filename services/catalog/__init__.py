"""The catalog: what achievements and stacks there are, in which versions, and what each requires."""
