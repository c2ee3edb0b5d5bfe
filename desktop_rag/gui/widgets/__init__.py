"""Parts that any view is made of: theme, icons, buttons, chips, formatting."""
