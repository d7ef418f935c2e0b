using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Configuration;

/// <summary>A text must be the name of a unit.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OneOfUnitsAttribute() : OneOfAttribute([.. Unit.All.Keys]);
