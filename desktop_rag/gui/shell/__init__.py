"""The program around the views: starting, the main window, the tray, and how it all ends."""
