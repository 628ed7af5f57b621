"""What those who write modules work with: a scaffold, a preview, and what a change changes."""
