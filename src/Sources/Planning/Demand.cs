namespace StreamEngine.Sources.Planning;

/// <summary>Requests that are alike.</summary>
/// <param name="Requests">How many, pages counted one by one.</param>
/// <param name="Every">How often each is made.</param>
/// <param name="Credits">What one costs.</param>
public sealed record Demand(int Requests, TimeSpan Every, int Credits);
