"""What each command does. Imported when it is called, so that no command waits for what another needs."""
