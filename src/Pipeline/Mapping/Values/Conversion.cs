namespace StreamEngine.Pipeline.Mapping;

/// <summary>What came of converting a value.</summary>
internal enum Conversion
{
    /// <summary>There was no value.</summary>
    None,

    /// <summary>There is a cell.</summary>
    Value,

    /// <summary>There was a value, but not one of the declared type.</summary>
    Invalid,
}
