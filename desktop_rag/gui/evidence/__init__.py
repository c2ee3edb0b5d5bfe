"""The evidence pane: a place in a file beside what was asked or searched for, shown as the file itself looks."""
