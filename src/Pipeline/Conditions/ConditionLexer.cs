using System.Text;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Conditions;

internal enum TokenKind
{
    End,
    Name,
    Text,
    Number,
    Comparator,
    Open,
    Close,
    Broken,
}

/// <summary>Cuts a condition into tokens. A path with brackets and quotes is one name.</summary>
internal sealed class ConditionLexer(string text)
{
    private int at;
    private int start;

    public TokenKind Kind { get; private set; }

    public string Text { get; private set; } = "";

    public Comparator Comparator { get; private set; }

    /// <summary>Where the token stands, for people.</summary>
    public string Place => Kind == TokenKind.End ? "at the end" : $"at position {start + 1}, not '{Text}'";

    public bool PeekIsOpen
    {
        get
        {
            var next = at;
            while (next < text.Length && char.IsWhiteSpace(text[next]))
            {
                next++;
            }

            return next < text.Length && text[next] == '(';
        }
    }

    public bool IsWord(string word) => Kind == TokenKind.Name && Text == word;

    public void Next()
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        start = at;
        if (at == text.Length)
        {
            (Kind, Text) = (TokenKind.End, "");
            return;
        }

        var c = text[at];
        if (c is '(' or ')')
        {
            at++;
            (Kind, Text) = (c == '(' ? TokenKind.Open : TokenKind.Close, c.ToString());
        }
        else if (c is '\'' or '"')
        {
            ReadText(c);
        }
        else if (c is '=' or '!' or '<' or '>' or '&' or '|')
        {
            ReadOperator();
        }
        else if (char.IsAsciiDigit(c) || c is '-' or '+' || (c == '.' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1])))
        {
            ReadNumber();
        }
        else
        {
            ReadName();
        }
    }

    private void ReadText(char quote)
    {
        var value = new StringBuilder();
        for (at++; at < text.Length && text[at] != quote; at++)
        {
            at += text[at] == '\\' && at + 1 < text.Length ? 1 : 0;
            value.Append(text[at]);
        }

        (Kind, Text) = at < text.Length ? (TokenKind.Text, value.ToString()) : (TokenKind.Broken, "");
        at = Math.Min(at + 1, text.Length);
    }

    private void ReadOperator()
    {
        while (at < text.Length && text[at] is '=' or '!' or '<' or '>' or '&' or '|')
        {
            at++;
        }

        Text = text[start..at];
        (Kind, Comparator) = Text switch
        {
            "==" => (TokenKind.Comparator, Comparator.Equal),
            "!=" => (TokenKind.Comparator, Comparator.NotEqual),
            "<" => (TokenKind.Comparator, Comparator.Less),
            "<=" => (TokenKind.Comparator, Comparator.LessOrEqual),
            ">" => (TokenKind.Comparator, Comparator.Greater),
            ">=" => (TokenKind.Comparator, Comparator.GreaterOrEqual),
            _ => (TokenKind.Broken, default),
        };
    }

    private void ReadNumber()
    {
        at++;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '.' || (text[at] is '-' or '+' && text[at - 1] is 'e' or 'E')))
        {
            at++;
        }

        Text = text[start..at];
        Kind = Decimals.TryParse(Encoding.UTF8.GetBytes(Text), out _, out _) ? TokenKind.Number : TokenKind.Broken;
    }

    private void ReadName()
    {
        const string Header = "@header(";
        var quote = '\0';
        var brackets = 0;
        if (text.AsSpan(at).StartsWith(Header))
        {
            var close = text.IndexOf(')', at);
            at = close < 0 ? text.Length : close + 1;
            (Kind, Text) = (TokenKind.Name, text[start..at]);
            return;
        }

        for (; at < text.Length; at++)
        {
            var c = text[at];
            if (quote != '\0')
            {
                quote = c == quote ? '\0' : quote;
            }
            else if (brackets > 0 && c is '\'' or '"')
            {
                quote = c;
            }
            else if (c is '[' or ']')
            {
                brackets += c == '[' ? 1 : -1;
            }
            else if (brackets == 0 && (char.IsWhiteSpace(c) || c is '(' or ')' or '=' or '!' or '<' or '>' or '&' or '|' or ',' or '\'' or '"'))
            {
                break;
            }
        }

        at += at == start ? 1 : 0;
        (Kind, Text) = (TokenKind.Name, text[start..at]);
    }
}
