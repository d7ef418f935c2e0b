namespace StreamEngine.Pipeline.Mapping;

/// <summary>Where a path starts.</summary>
internal enum PathRoot
{
    /// <summary>The item, or with a climb one of those above it.</summary>
    Item,

    /// <summary>The document: <c>$</c>.</summary>
    Document,

    /// <summary>Under what the item stood: <c>@key</c>.</summary>
    Key,

    /// <summary>Where the document came from: <c>@url</c>, <c>@file</c>.</summary>
    Origin,

    /// <summary>When the document was received: <c>@fetched</c>.</summary>
    Fetched,

    /// <summary>A header of the answer that the document came in: <c>@header('NAME')</c>.</summary>
    Header,
}
