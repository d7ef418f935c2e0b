namespace StreamEngine.Pipeline.Conditions;

/// <summary>The value of a condition. A comparison of something missing is neither true nor false, as in SQL.</summary>
internal enum Truth
{
    /// <summary>It does not hold.</summary>
    False = 0,

    /// <summary>An operand is missing or not comparable.</summary>
    Unknown = 1,

    /// <summary>It holds.</summary>
    True = 2,
}
