"""Speech recognition by a Whisper model."""
