"""Mail: messages, mailboxes, and what Outlook keeps them in."""
