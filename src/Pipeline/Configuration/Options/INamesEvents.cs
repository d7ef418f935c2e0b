namespace StreamEngine.Pipeline.Configuration;

/// <summary>Options of a transform that gives changes of records names.</summary>
internal interface INamesEvents
{
    /// <summary>The names that changes of a record kind may get.</summary>
    IEnumerable<string> EventsOf(string kind);
}
