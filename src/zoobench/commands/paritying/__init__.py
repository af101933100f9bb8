"""What a comparison with other programs needs beside its command."""
