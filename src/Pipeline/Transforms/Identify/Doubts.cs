namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>Doubts in words: a small fixed set, for the books.</summary>
internal static class Doubts
{
    private static readonly string[] Reasons = ["", "unknown id", "ambiguous name", "conflicting facts", "not seen in our source", "not sure enough"];
    private static readonly string[] ParkedReasons = [.. Reasons.Select(r => "parked: " + r)];

    public static string Reason(Doubt doubt) => Reasons[(int)doubt];

    public static string Parked(Doubt doubt) => ParkedReasons[(int)doubt];

    public static int Count => Reasons.Length;
}
