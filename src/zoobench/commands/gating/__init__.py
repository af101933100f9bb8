"""What a gate needs beside its command."""
