"""Full-text search: what is indexed, how, and by whom it is asked."""
