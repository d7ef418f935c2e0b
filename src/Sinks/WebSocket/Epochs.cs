using System.Text;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>How runs of the hub and the beginnings of subscriptions are written.</summary>
internal static class Epochs
{
    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";

    /// <summary>The name of a run that begins then.</summary>
    public static string Of(DateTimeOffset start)
    {
        var text = new StringBuilder();
        for (var left = start.ToUnixTimeMilliseconds(); left > 0; left /= Digits.Length)
        {
            text.Insert(0, Digits[(int)(left % Digits.Length)]);
        }

        return text.ToString();
    }

    /// <summary>How a mode is written.</summary>
    public static string TextOf(ResumeMode mode) => mode switch
    {
        ResumeMode.Recovered => "recovered",
        ResumeMode.Snapshot => "snapshot",
        _ => "live",
    };
}
