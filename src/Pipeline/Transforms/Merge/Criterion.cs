namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>What decides between two contributions.</summary>
internal enum Criterion : byte
{
    /// <summary>One is stale.</summary>
    Staleness,

    /// <summary>The priority of the provider.</summary>
    Priority,

    /// <summary>The score.</summary>
    Quality,

    /// <summary>The event time.</summary>
    Freshness,

    /// <summary>How many fresh sources give the value.</summary>
    Agreement,

    /// <summary>The order in which the sources are declared.</summary>
    Order,
}
