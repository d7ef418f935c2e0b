namespace StreamEngine.Pipeline.Records;

/// <summary>What values a field may take.</summary>
public enum FieldType
{
    /// <summary>UTF-8 text.</summary>
    String,

    /// <summary>A whole number of 64 bits.</summary>
    Int,

    /// <summary>A decimal number, kept exactly.</summary>
    Number,

    /// <summary>true or false.</summary>
    Bool,

    /// <summary>An instant, written as ISO 8601 in UTC.</summary>
    Time,

    /// <summary>One of the declared values.</summary>
    Enum,
}
