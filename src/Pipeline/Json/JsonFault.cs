namespace StreamEngine.Pipeline.Json;

/// <summary>Why a text is no JSON.</summary>
internal enum JsonFault : byte
{
    None,
    ValueExpected,
    NameExpected,
    ColonExpected,
    CommaOrBraceExpected,
    CommaOrBracketExpected,
    EndExpected,
    OpenString,
    ControlCharacter,
    BadEscape,
    BadNumber,
    NotUtf8,
    HalfPairInName,
    TooDeep,
    TooLarge,
}

internal static class JsonFaults
{
    /// <summary>The fault in words.</summary>
    /// <param name="fault">What is wrong.</param>
    /// <param name="at">Where, counted from 0 in bytes.</param>
    public static string Describe(JsonFault fault, int at) => fault switch
    {
        JsonFault.NotUtf8 => "the payload is not UTF-8",
        JsonFault.TooDeep => $"more than {JsonTape.MaxDepth} arrays and objects inside one another at byte {at}",
        JsonFault.TooLarge => $"more than {JsonTape.MaxTokens} values, up to byte {at}",
        _ => $"{Expectation(fault)} at byte {at}",
    };

    private static string Expectation(JsonFault fault) => fault switch
    {
        JsonFault.ValueExpected => "a value expected",
        JsonFault.NameExpected => "a member's name in double quotes expected",
        JsonFault.ColonExpected => "':' expected",
        JsonFault.CommaOrBraceExpected => "',' or '}' expected",
        JsonFault.CommaOrBracketExpected => "',' or ']' expected",
        JsonFault.EndExpected => "the end expected",
        JsonFault.OpenString => "a string without end",
        JsonFault.ControlCharacter => "a control character in a string",
        JsonFault.BadEscape => "an unknown escape",
        JsonFault.BadNumber => "a number that breaks off or has a leading zero",
        JsonFault.HalfPairInName => "a member's name with half a surrogate pair",
        _ => throw new ArgumentOutOfRangeException(nameof(fault)),
    };
}
