namespace StreamEngine.Pipeline.Blocks;

/// <summary>Whether a transform may be run by several instances at the same time, and on what.</summary>
public enum Scaling
{
    /// <summary>One instance sees all records in order.</summary>
    Single,

    /// <summary>Keeps no state between records and leaves keys alone: any instance may have any record.</summary>
    Anywhere,

    /// <summary>
    /// Gives records their keys, and keeps state per request of a source at most: any instance may have any batch, as long as payloads
    /// that answer requests always go to the same one.
    /// </summary>
    MakesKeys,

    /// <summary>Keeps state per key: each instance has its share of the keys and sees all their records in order.</summary>
    PerKey,
}
