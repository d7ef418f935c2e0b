namespace StreamEngine.Sources.Csv;

/// <summary>The fields of one row of CSV, in order.</summary>
/// <param name="row">The row without the newline that ends it.</param>
/// <param name="delimiter">Between two fields.</param>
internal ref struct CsvFields(ReadOnlySpan<byte> row, byte delimiter)
{
    private ReadOnlySpan<byte> rest = row;
    private bool hasMore = true;

    /// <summary>The field without its quotes; quotes inside are still doubled when <see cref="HasQuotes"/>.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>Whether two quotes in it stand for one.</summary>
    public bool HasQuotes { get; private set; }

    /// <summary>What follows the closing quote, which no field should have; usually empty.</summary>
    public ReadOnlySpan<byte> Tail { get; private set; }

    public bool MoveNext()
    {
        if (!hasMore)
        {
            return false;
        }

        Tail = default;
        HasQuotes = false;
        var from = 0;
        if (rest is [(byte)'"', ..])
        {
            from = EndOfQuoted();
            Current = rest[1..Math.Max(1, from - 1)];
            HasQuotes = Current.Contains((byte)'"');
        }

        var next = rest[from..].IndexOf(delimiter);
        hasMore = next >= 0;
        var plain = hasMore ? rest.Slice(from, next) : rest[from..];
        if (from > 0)
        {
            Tail = plain;
        }
        else
        {
            Current = plain;
        }

        rest = hasMore ? rest[(from + next + 1)..] : default;
        return true;
    }

    /// <summary>Behind the quote that closes the field.</summary>
    private readonly int EndOfQuoted()
    {
        for (var at = 1; at < rest.Length; at++)
        {
            var quote = rest[at..].IndexOf((byte)'"');
            if (quote < 0)
            {
                break;
            }

            at += quote + 1;
            if (at == rest.Length || rest[at] != '"')
            {
                return at;
            }
        }

        return rest.Length;
    }
}
