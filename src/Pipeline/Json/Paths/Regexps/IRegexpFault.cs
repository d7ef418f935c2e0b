namespace StreamEngine.Pipeline.Json.Paths.Regexps;

/// <summary>Why a pattern cannot be used.</summary>
internal enum IRegexpFault
{
    None,

    /// <summary>It is no I-Regexp.</summary>
    NoRegexp,

    /// <summary>It is longer, deeper nested or has larger counts than we let it (RFC 9485, 8 warns of them).</summary>
    TooLarge,
}
