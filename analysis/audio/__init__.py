"""From a file to sound: decoding, finding speech."""
