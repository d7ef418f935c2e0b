namespace StreamEngine.Sinks.WebSockets;

/// <summary>A channel, or a pattern whose last segment is <c>*</c> and that stands for all channels that start like it.</summary>
internal sealed class ChannelName
{
    private const int Longest = 256;

    private ChannelName(string text, bool isPattern)
    {
        Text = text;
        IsPattern = isPattern;
    }

    public string Text { get; }

    public bool IsPattern { get; }

    /// <summary>What the channels of a pattern start with.</summary>
    public string Prefix => Text[..^1];

    /// <summary>Whether it is that channel, or stands for it among others.</summary>
    public bool Covers(ReadOnlySpan<char> channel) =>
        IsPattern ? channel.StartsWith(Text.AsSpan(0, Text.Length - 1), StringComparison.OrdinalIgnoreCase) : channel.Equals(Text, StringComparison.OrdinalIgnoreCase);

    public static ChannelName? Parse(string text, out string? fault)
    {
        fault = null;
        if (text.Length is 0 or > Longest)
        {
            fault = $"A channel has 1 to {Longest} characters; name one such as \"player:mlb:660271\".";
        }
        else if (text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
        {
            fault = "A channel has no spaces or control characters; name one such as \"player:mlb:660271\".";
        }
        else if (text.IndexOf('*', StringComparison.Ordinal) is >= 0 and var star && (star != text.Length - 1 || (star > 0 && text[star - 1] != ':')))
        {
            fault = "'*' stands for whole segments and only at the end, such as \"player:*\" or \"player:mlb:*\".";
        }

        return fault is null ? new ChannelName(text, text[^1] == '*') : null;
    }
}
