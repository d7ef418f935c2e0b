namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>How sure it is that an id is one of ours.</summary>
internal enum Confidence : byte
{
    /// <summary>It is nobody's that we know.</summary>
    None,

    /// <summary>Its name is that of one entity only.</summary>
    Probable,

    /// <summary>Its name and birth date are those of one entity only.</summary>
    Sure,

    /// <summary>A table or an override says so, or it is ours.</summary>
    Certain,
}
