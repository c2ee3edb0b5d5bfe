"""Office documents: Word, PowerPoint, Excel, OpenDocument and RTF, and what their containers share."""
