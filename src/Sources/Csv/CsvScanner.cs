namespace StreamEngine.Sources.Csv;

/// <summary>Finds where rows of CSV (RFC 4180) end: a newline inside quotes ends none. It keeps its place between two parts of a row.</summary>
/// <param name="delimiter">Between two fields.</param>
internal struct CsvScanner(byte delimiter)
{
    private State state;

    private enum State : byte
    {
        FieldStart,
        Plain,
        Quoted,

        /// <summary>Behind a quote that ends the field, or begins an escaped one.</summary>
        Quote,
    }

    /// <summary>Whether a quote was opened and not closed.</summary>
    public readonly bool IsQuoted => state == State.Quoted;

    /// <summary>Looks for the newline that ends the row.</summary>
    /// <param name="bytes">What comes next of it.</param>
    /// <returns>Its index, with the scanner at the next row; -1 when it is not there yet.</returns>
    public int FindEnd(ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; at < bytes.Length; at++)
        {
            if (state == State.Quoted)
            {
                var quote = bytes[at..].IndexOf((byte)'"');
                if (quote < 0)
                {
                    return -1;
                }

                at += quote;
                state = State.Quote;
                continue;
            }

            if (state == State.Plain)
            {
                var next = bytes[at..].IndexOfAny(delimiter, (byte)'\n');
                if (next < 0)
                {
                    return -1;
                }

                at += next;
            }

            var c = bytes[at];
            if (c == '\n')
            {
                state = State.FieldStart;
                return at;
            }

            state = c == delimiter ? State.FieldStart : c == '"' ? State.Quoted : State.Plain;
        }

        return -1;
    }
}
