"""The evidence pane: the cited place, shown in its file as the file itself looks."""
