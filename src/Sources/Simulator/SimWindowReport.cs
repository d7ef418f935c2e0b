namespace StreamEngine.Sources.Simulator;

/// <summary>One window of a pretended provider.</summary>
/// <param name="Window">Its name, such as <c>minute</c>.</param>
/// <param name="Limit">The most it may hold.</param>
/// <param name="Used">What it holds now.</param>
/// <param name="Busiest">The most it has held.</param>
/// <param name="BusiestAt">When it first held that; null when nothing came.</param>
/// <param name="Violations">Requests that came although it was full.</param>
public sealed record SimWindowReport(string Window, int Limit, long Used, long Busiest, DateTimeOffset? BusiestAt, long Violations);
