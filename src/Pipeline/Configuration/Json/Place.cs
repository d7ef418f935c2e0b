namespace StreamEngine.Pipeline.Configuration.Json;

/// <summary>Where something stands: line and column count from 1, columns in UTF-16 characters as editors do.</summary>
internal readonly record struct Place(string File, int Line, int Column);
