"""What a report needs beside its command."""
