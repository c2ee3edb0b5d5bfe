"""The program around the views: start, main window, tray and shutdown."""
