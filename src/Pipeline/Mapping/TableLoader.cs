namespace StreamEngine.Pipeline.Mapping;

/// <summary>Loads a table of values.</summary>
/// <param name="name">Its file, as a mapping names it.</param>
/// <param name="at">The place inside the mapping at which it does.</param>
/// <returns>Null when there is none such, or it has faults; they were reported.</returns>
internal delegate IReadOnlyDictionary<string, string>? TableLoader(string name, string at);
