# What R's survreg finds for the cohorts of tests/survival_cohorts.py, read by test_golden_parametric.py.
# Rscript tests/golden/r_parametric.R ../shared/data/survival > tests/golden/r_parametric.txt
suppressMessages(library(survival))
cat("#", R.version.string, "| survival", as.character(packageVersion("survival")), "\n")
folder <- commandArgs(trailingOnly = TRUE)[1]
lung_data <- na.omit(lung[, c("inst", "time", "status", "age", "sex", "ph.ecog")])
names(lung_data)[c(1, 6)] <- c("site", "ecog")
veteran_data <- read.csv(file.path(folder, "veteran.csv"))
veteran_data$cell <- factor(as.integer(factor(veteran_data$celltype)) - 1)
veteran_data$site <- veteran_data$prior
colon_data <- read.csv(file.path(folder, "colon.csv"))
colon_data <- colon_data[colon_data$etype == 2 & !is.na(colon_data$nodes), ]
colon_data$site <- as.integer(factor(colon_data$rx)) - 1
cohorts <- list(
  lung = list(data = lung_data, right = "age + sex + ecog"),
  veteran = list(data = veteran_data, right = "karno + age + cell"),
  colon = list(data = colon_data, right = "age + sex + nodes"))

digits <- function(x) sprintf("%.17g", x)
# Newton's method from its own end again, so that nothing is left to go but rounding
converged <- function(formula, data, distribution) {
  control <- survreg.control(rel.tolerance = 1e-14, maxiter = 200)
  start <- NULL
  for (i in 1:3) {
    fit <- suppressWarnings(survreg(formula, data, dist = distribution, init = start, control = control))
    start <- c(coef(fit), if (distribution != "exponential") log(fit$scale))
  }
  fit
}
for (name in names(cohorts)) for (distribution in c("weibull", "exponential", "lognormal", "loglogistic")) {
  cohort <- cohorts[[name]]
  for (site in c("pooled", "fixed")) {
    data <- cohort$data
    right <- cohort$right
    if (site == "fixed") {  # a site without events has its intercept at infinity, and says nothing of the rest
      events <- tapply(data$status == max(data$status), data$site, sum)
      data <- data[data$site %in% names(events)[events > 0], ]
      right <- paste(right, "+ factor(site)")
    }
    fit <- converged(as.formula(paste("Surv(time, status) ~", right)), data, distribution)
    table <- summary(fit)$table
    rows <- rownames(table)[!grepl("site", rownames(table)) & (site == "pooled" | rownames(table) != "(Intercept)")]
    for (row in rows)
      cat(paste(name, distribution, site, row, digits(table[row, "Value"]), digits(table[row, "Std. Error"]), sep = ","), "\n", sep = "")
    cat(paste(name, distribution, site, "loglik", digits(fit$loglik[2]), digits(fit$scale), sep = ","), "\n", sep = "")
    if (distribution == "weibull" && site == "pooled") {
      # the logarithm of the hazard ratio is -coefficient / sigma; its error by the delta method
      for (row in rows[2:(length(rows) - 1)]) {
        v <- vcov(fit)[c(row, "Log(scale)"), c(row, "Log(scale)")]
        gradient <- c(-1, coef(fit)[row]) / fit$scale
        cat(paste(name, "weibull", "hazard", row, digits(-coef(fit)[row] / fit$scale), digits(sqrt(drop(gradient %*% v %*% gradient))), sep = ","), "\n", sep = "")
      }
    }
  }
}
