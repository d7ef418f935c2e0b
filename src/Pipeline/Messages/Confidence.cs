namespace StreamEngine.Pipeline.Messages;

/// <summary>How sure it is that an id of a source is an entity's, whose own id is another one.</summary>
public enum Confidence : byte
{
    /// <summary>Nothing was matched: it is the entity's own id, or nobody's that we know.</summary>
    None,

    /// <summary>Its name is that of one entity only.</summary>
    Probable,

    /// <summary>Its name and birth date are those of one entity only.</summary>
    Sure,

    /// <summary>A table or an override says so.</summary>
    Certain,
}
