"""Reports by mail, at the times that the settings say."""
